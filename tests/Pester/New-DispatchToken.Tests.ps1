BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    # A double of GitHub on the loopback interface; it checks what the App signs.
    Add-Type -Path $env:RD_PESTER_FLEET_PROGRAM
    $github = [RemoteDispatch.Fleet.GitHubDouble]::new()
    $id = [RemoteDispatch.Fleet.GitHubDouble]::AppId
    $key = ConvertTo-SecureString $github.KeyPem -AsPlainText
    $app = @{ AppId = $id; AppKey = $key; ApiAddress = $github.Address }
}
AfterAll {
    Clear-Sandbox
    $github.DisposeAsync().AsTask().Wait()
}

Describe 'New-DispatchToken' -Tag Local {
    It 'makes a token for repositories and permissions, whose value is shown by nothing' {
        $token = New-DispatchToken octo/one, octo/two contents:write, pull_requests:write -ExpiresIn 30m @app
        $token.Repositories | Should -Be 'octo/one', 'octo/two'
        "$($token.Permissions)" | Should -Be 'contents:write metadata:read pull_requests:write'
        $token.Expires | Should -BeLessThan ([datetimeoffset]::UtcNow.AddMinutes(31))
        $token.Token | Should -BeOfType securestring
        "$token" | Should -BeExactly '***'
        $value = $github.Live[0]
        "$($token | Out-String)$($token | Format-List * | Out-String)$($token | ConvertTo-Json -Depth 4 -WarningAction Ignore)" | Should -Not -Match $value
        "$($token | Out-String)" | Should -Match 'octo/one, octo/two +contents:write'
        $token | Remove-DispatchToken
        $github.Live | Should -BeNullOrEmpty
        $token.IsRevoked | Should -BeTrue
    }

    It 'makes a token that a task can be given as a credential' {
        $token = New-DispatchToken octo/one contents:read @app
        $task = Invoke-RemoteTask 'printf %s "$GH_TOKEN" | wc -c' -Credential @{ GH_TOKEN = $token } -Wait 6>$null
        Get-Content $task.LogPath | Should -Be '40'
        # It is the caller's, and outlives the task.
        $github.Live | Should -HaveCount 1
        Remove-DispatchToken $token
        $github.Live | Should -BeNullOrEmpty
    }

    It 'takes the key from a PSCredential, a variable, a vault and the environment' {
        New-DispatchToken octo/one contents:read -AppKey ([pscredential]::new($id, $key)) -ApiAddress $github.Address | Remove-DispatchToken
        $env:RDTEST_APP_KEY = $github.KeyPkcs8Pem
        New-DispatchToken octo/one contents:read -AppId $id -AppKey RDTEST_APP_KEY -ApiAddress $github.Address | Remove-DispatchToken
        function Get-Secret([string] $Vault, [string] $Name) { $key }
        New-DispatchToken octo/one contents:read -AppId $id -AppKey stand-in:app -ApiAddress $github.Address | Remove-DispatchToken
        Set-Content "$Sandbox/app.pem" $github.KeyPem
        $env:REMOTE_DISPATCH_GITHUB_APP_ID, $env:REMOTE_DISPATCH_GITHUB_APP_KEY_FILE, $env:GITHUB_API_URL = $id, "$Sandbox/app.pem", $github.Address
        try { New-DispatchToken octo/one contents:read | Remove-DispatchToken }
        finally { Remove-Item Env:RDTEST_APP_KEY, Env:REMOTE_DISPATCH_GITHUB_APP_ID, Env:REMOTE_DISPATCH_GITHUB_APP_KEY_FILE, Env:GITHUB_API_URL }
        $github.Live | Should -BeNullOrEmpty
    }

    It 'refuses what cannot be, before GitHub is asked, and never repeats a key' {
        $asked = $github.Requests.Count
        { New-DispatchToken octo/one, other/two contents:read @app -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { New-DispatchToken octo/one contents:all @app -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { New-DispatchToken octo/one contents:read -ExpiresIn 2h @app -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { New-DispatchToken octo/one contents:read -AppId $id -AppKey $github.KeyPem -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        "$($Error[0])$($Error[0].ErrorDetails.RecommendedAction)" | Should -Not -Match ($github.KeyPem -split "`n")[1].Substring(0, 20)
        $github.Requests.Count | Should -Be $asked
        { New-DispatchToken octo/unknown contents:read @app -ErrorAction Stop } | Should -Throw -ErrorId 'CredentialUnavailable,*'
    }

    It 'with -WhatIf makes none' {
        New-DispatchToken octo/one contents:read @app -WhatIf | Should -BeNullOrEmpty
        $made = New-DispatchToken octo/one contents:read @app
        $made | Remove-DispatchToken -WhatIf
        $github.Live | Should -HaveCount 1
        $made | Remove-DispatchToken
        $github.Live | Should -BeNullOrEmpty
    }
}

Describe 'Invoke-RemoteTask -ScopedToken' -Tag Local {
    It 'gives the task a token of its own, and revokes it when the task ends' {
        $task = Invoke-RemoteTask 'printf %s "$GH_TOKEN" | wc -c' -ScopedToken octo/one -TokenPermission contents:write @app -Wait 6>$null
        Get-Content $task.LogPath | Should -Be '40'
        $task.CredentialNames | Should -Be 'GH_TOKEN'
        Wait-Until { -not $github.Live }
    }

    It 'revokes it when the task is stopped, and when its workspace is removed' {
        $task = Invoke-RemoteTask 'sleep 600' -ScopedToken octo/one -TokenPermission contents:write @app
        $github.Live | Should -HaveCount 1
        $task | Stop-RemoteTask -Force -Grace 0
        Wait-Until { -not $github.Live }
        $task = Invoke-RemoteTask 'sleep 600' -ScopedToken octo/one -TokenPermission contents:write @app
        $task | Remove-RemoteTaskWorkspace -Force
        Wait-Until { -not $github.Live }
    }

    It 'with -WhatIf names the repositories and permissions, and makes none' {
        $made = $github.Made.Count
        $said = Invoke-OtherProcess "Invoke-RemoteTask true -ScopedToken octo/one -TokenPermission contents:write -AppId $id -AppKey (ConvertTo-SecureString @'
$($github.KeyPem)
'@ -AsPlainText) -ApiAddress $($github.Address) -WhatIf" *>&1
        "$said" | Should -Match 'with a token for octo/one \(contents:write\)'
        $github.Made.Count | Should -Be $made
    }

    It 'takes the place of GH_TOKEN in the default set' {
        $env:GH_TOKEN = 'the-users-own-token'
        try { $task = Invoke-RemoteTask 'printf %s "$GH_TOKEN" | wc -c' -ForwardDefaultCredential -ScopedToken octo/one -TokenPermission contents:read @app -Wait 6>$null }
        finally { Remove-Item Env:GH_TOKEN }
        Get-Content $task.LogPath | Should -Be '40'
    }

    It 'refuses -TokenPermission without it' {
        { Invoke-RemoteTask true -TokenPermission contents:read } | Should -Throw -ErrorId 'InvalidInput,*'
    }
}

Describe 'What a host''s entry forwards' -Tag Local {
    BeforeAll { $env:MY_FORWARDED = 'forwarded-value' }
    AfterAll { Remove-Item Env:MY_FORWARDED -ErrorAction Ignore }

    It 'is given to each task there, and named by -WhatIf' {
        Add-DispatchHost here local -Transport Local -ForwardCredential MY_FORWARDED, default
        (Get-DispatchHost here).ForwardCredentials | Should -Be 'MY_FORWARDED', 'default'
        (Invoke-RemoteTask 'test "$MY_FORWARDED" = forwarded-value' here -Wait 6>$null).State | Should -Be 'Succeeded'
        "$(Invoke-OtherProcess 'Invoke-RemoteTask true here -WhatIf' *>&1)" | Should -Match 'credentials MY_FORWARDED'
        Set-DispatchHost here -ForwardCredential @()
        (Get-DispatchHost here).ForwardCredentials | Should -BeNullOrEmpty
        (Invoke-RemoteTask 'true' here).CredentialNames | Should -BeNullOrEmpty
    }

    It 'is an error before anything is sent where a variable that it names is not set' {
        Add-DispatchHost lacking local -Transport Local -ForwardCredential MY_NOT_SET
        { Invoke-RemoteTask true lacking -ErrorAction Stop } | Should -Throw -ErrorId 'CredentialUnavailable,*'
    }

    It 'is the user''s own set where REMOTE_DISPATCH_DEFAULT_CREDENTIALS names one' {
        $env:REMOTE_DISPATCH_DEFAULT_CREDENTIALS = 'MY_FORWARDED,MY_NOT_SET'
        try { (Invoke-RemoteTask 'true' -ForwardDefaultCredential).CredentialNames | Should -Be 'MY_FORWARDED' }
        finally { Remove-Item Env:REMOTE_DISPATCH_DEFAULT_CREDENTIALS }
    }
}
